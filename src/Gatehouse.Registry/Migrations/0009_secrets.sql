-- Secrets of the cluster, sealed with its encryption key before they come here.
SET LOCAL ROLE gatehouse_owner;
SET LOCAL search_path = gatehouse, pg_catalog;

CREATE TABLE secrets (
  name   text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,99}$'),
  key_id text NOT NULL CHECK (key_id <> ''),
  sealed text NOT NULL CHECK (length(sealed) <= 1048576),
  by     text NOT NULL,
  at     timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION put_secret(p_name text, p_key_id text, p_sealed text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
BEGIN
  PERFORM own_node();
  INSERT INTO secrets (name, key_id, sealed, by) VALUES (p_name, p_key_id, p_sealed, session_user)
  ON CONFLICT (name) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed, by = excluded.by, at = now();
  PERFORM record_event('secret.put', format('%s, sealed with key %s', p_name, p_key_id));
END $$;

GRANT SELECT ON secrets TO gatehouse_node;
GRANT EXECUTE ON FUNCTION put_secret(text, text, text) TO gatehouse_node;
