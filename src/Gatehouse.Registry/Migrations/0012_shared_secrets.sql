-- Secrets that the cluster makes for itself: several members may find one missing at the same moment, and only one of them is
-- to have made it.
SET LOCAL ROLE gatehouse_owner;
SET LOCAL search_path = gatehouse, pg_catalog;

CREATE FUNCTION add_secret(p_name text, p_key_id text, p_sealed text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
BEGIN
  PERFORM own_node();
  INSERT INTO secrets (name, key_id, sealed, by) VALUES (p_name, p_key_id, p_sealed, session_user)
  ON CONFLICT (name) DO NOTHING;
  IF FOUND THEN
    PERFORM record_event('secret.put', format('%s, sealed with key %s', p_name, p_key_id));
  END IF;
END $$;

GRANT EXECUTE ON FUNCTION add_secret(text, text, text) TO gatehouse_node;
