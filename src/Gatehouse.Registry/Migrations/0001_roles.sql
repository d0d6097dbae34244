-- Who owns the registry and who may use it. Roles belong to the whole server, so they may be there already.
--   gatehouse_owner   owns everything; nobody logs in as it, functions run as it
--   gatehouse_node    every member is in it: reads, and calls what is granted to it
--   gatehouse_issuer  the issuer's login alone is in it: members, certificates, authorities
-- Members have no right to write any table. What they may change they change through functions, and a function learns
-- from session_user who calls it: the login that PostgreSQL took from the client's certificate.
DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['gatehouse_owner', 'gatehouse_node', 'gatehouse_issuer'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
    END IF;
  END LOOP;
END $$;

-- CREATEROLE and the signal: joining makes a login, removing ends its sessions and drops it.
ALTER ROLE gatehouse_owner NOLOGIN NOSUPERUSER NOCREATEDB CREATEROLE;
GRANT pg_signal_backend, pg_read_all_stats TO gatehouse_owner;

-- Whatever a database allows to everybody by itself: connecting, temporary tables, large objects. A login that owns
-- something could not be dropped.
DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO gatehouse_node', current_database());
END $$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;

ALTER SCHEMA gatehouse OWNER TO gatehouse_owner;
GRANT USAGE ON SCHEMA gatehouse TO gatehouse_node;
GRANT SELECT ON gatehouse.migrations TO gatehouse_node;

-- A function is closed until somebody is let in.
ALTER DEFAULT PRIVILEGES FOR ROLE gatehouse_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
