-- Who acts, and by which epoch; the logins of members.
SET LOCAL ROLE gatehouse_owner;
SET LOCAL search_path = gatehouse, pg_catalog;

CREATE FUNCTION node_name(p_number integer) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, gatehouse, pg_temp
RETURN coalesce((SELECT name FROM nodes WHERE number = p_number), format('node %s', p_number));

-- The number of the member that calls.
CREATE FUNCTION own_node() RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer;
BEGIN
  SELECT number INTO own FROM nodes WHERE name = session_user AND state <> 'removed';
  IF own IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'GH007', MESSAGE = format('%s is no member of this cluster', session_user);
  END IF;
  RETURN own;
END $$;

-- Begins everything that only the issuer may do. Holding the row makes such work one at a time, and keeps a promotion
-- from happening in the midst of it.
CREATE FUNCTION act_by(p_epoch bigint) RETURNS cluster
LANGUAGE plpgsql SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  c cluster;
BEGIN
  SELECT * INTO c FROM cluster FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'GH006', MESSAGE = 'there is no cluster in this database yet; start one with: gatehouse bootstrap';
  ELSIF p_epoch < c.epoch THEN
    RAISE EXCEPTION USING ERRCODE = 'GH001', MESSAGE = format(
      'this was to be done by epoch %s, and the cluster is at epoch %s: %s was promoted to be the issuer; do it there', p_epoch, c.epoch, node_name(c.issuer));
  ELSIF p_epoch > c.epoch THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format(
      'this was to be done by epoch %s, and the registry only knows %s: it was put back to an earlier state; restore a newer backup or promote a node again', p_epoch, c.epoch);
  END IF;
  RETURN c;
END $$;

CREATE FUNCTION member_row(p_number integer) RETURNS nodes
LANGUAGE plpgsql SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  n nodes;
BEGIN
  SELECT * INTO n FROM nodes WHERE number = p_number FOR UPDATE;
  IF NOT FOUND OR n.state = 'removed' THEN
    RAISE EXCEPTION USING ERRCODE = 'GH008', MESSAGE = CASE WHEN n.number IS NULL
      THEN format('there is no node %s in this cluster', p_number)
      ELSE format('node %s (%s) was removed from this cluster on %s', p_number, n.name, to_char(n.removed AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')) END;
  END IF;
  RETURN n;
END $$;

-- The login goes with whatever it made and with its sessions.
CREATE FUNCTION drop_login(p_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = p_name) THEN
    RETURN;
  END IF;
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = p_name AND pid <> pg_backend_pid();
  EXECUTE format('GRANT %I TO gatehouse_owner', p_name);
  EXECUTE format('DROP OWNED BY %I', p_name);
  EXECUTE format('DROP ROLE %I', p_name);
END $$;

-- A login has no password: a certificate is the only way in. One that is left over is made anew, with no right of before.
CREATE FUNCTION make_login(p_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
BEGIN
  PERFORM drop_login(p_name);
  EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 16 PASSWORD NULL', p_name);
  EXECUTE format('GRANT gatehouse_node TO %I', p_name);
END $$;

-- A session can begin while its login is being dropped; called after the commit, this ends it.
CREATE FUNCTION end_orphans() RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
  SELECT count(pg_terminate_backend(a.pid))::integer
  FROM pg_stat_activity a
  WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
    AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = a.usesysid)
$$;

-- Who holds an advisory lock of this database.
CREATE FUNCTION lock_holder(p_class integer, p_key integer) RETURNS TABLE (login text, address text, since timestamptz)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
  SELECT a.usename::text, coalesce(host(a.client_addr), 'this host'), a.backend_start
  FROM pg_locks l JOIN pg_stat_activity a USING (pid)
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.classid = p_class::oid AND l.objid = p_key::oid
$$;

GRANT EXECUTE ON FUNCTION lock_holder(integer, integer) TO gatehouse_node;
GRANT EXECUTE ON FUNCTION end_orphans() TO gatehouse_issuer;
