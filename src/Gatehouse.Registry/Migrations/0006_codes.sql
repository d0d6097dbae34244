-- Join codes: one name, one profile, one use. The secret itself is never here, only what proves it.
SET LOCAL ROLE gatehouse_owner;
SET LOCAL search_path = gatehouse, pg_catalog;

CREATE TABLE codes (
  id          integer PRIMARY KEY CHECK (id BETWEEN 0 AND 1073741823),
  node_name   text NOT NULL,
  profile     text NOT NULL,
  verifier    bytea NOT NULL,
  salt        bytea NOT NULL,
  created_by  text NOT NULL,
  created     timestamptz NOT NULL DEFAULT now(),
  expires     timestamptz NOT NULL,
  attempts    integer NOT NULL DEFAULT 0,
  used        timestamptz,
  used_from   text,
  used_by     text,
  certificate text REFERENCES certificates,
  ended       timestamptz,
  why         text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX codes_live ON codes (node_name) WHERE used IS NULL AND ended IS NULL;

CREATE FUNCTION invite(p_id integer, p_name text, p_profile text, p_verifier bytea, p_salt bytea, p_expires timestamptz, p_replace boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  live codes;
BEGIN
  PERFORM own_node();
  LOCK TABLE codes IN SHARE ROW EXCLUSIVE MODE;
  PERFORM refuse_taken(0, p_name, NULL);
  IF p_expires <= now() THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = 'a code that has expired already would be of no use; check the clock of this host';
  END IF;
  IF EXISTS (SELECT FROM codes WHERE id = p_id) THEN
    RAISE EXCEPTION USING ERRCODE = 'GH002', MESSAGE = 'a code of this number was made before; make another one';
  END IF;
  UPDATE codes SET ended = now(), why = CASE WHEN expires <= now() THEN 'expired' ELSE 'replaced' END
  WHERE node_name = p_name AND used IS NULL AND ended IS NULL AND (p_replace OR expires <= now());
  SELECT * INTO live FROM codes WHERE node_name = p_name AND used IS NULL AND ended IS NULL;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'GH011', MESSAGE = format(
      '%s already made a code for %s on %s, good until %s; use that one, or replace it', live.created_by, p_name,
      to_char(live.created AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), to_char(live.expires AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'));
  END IF;
  INSERT INTO codes (id, node_name, profile, verifier, salt, created_by, expires) VALUES (p_id, p_name, p_profile, p_verifier, p_salt, session_user, p_expires);
  PERFORM record_event('code.made', format('code %s for %s, %s', p_id, p_name, p_profile));
END $$;

CREATE FUNCTION withdraw_code(p_id integer, p_why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
BEGIN
  PERFORM own_node();
  UPDATE codes SET ended = now(), why = p_why WHERE id = p_id AND used IS NULL AND ended IS NULL;
  IF FOUND THEN
    PERFORM record_event('code.withdrawn', format('code %s: %s', p_id, p_why));
    RETURN true;
  END IF;
  RETURN false;
END $$;

-- The three parts of redeeming, called by the issuer in one transaction. Between them it compares the secret and signs.
CREATE FUNCTION take_code(p_epoch bigint, p_cluster text, p_id integer)
RETURNS TABLE (verifier bytea, salt bytea, node_name text, profile text, expires timestamptz, expired boolean, attempts integer,
  used timestamptz, used_from text, used_by text, ended timestamptz, why text, certificate text, node integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  c cluster := act_by(p_epoch);
BEGIN
  IF p_cluster <> c.id THEN
    RAISE EXCEPTION USING ERRCODE = 'GH012', MESSAGE = format(
      'this code was made by another cluster (%s); this one is %s (%s): ask the administrator which of them the host is to join', p_cluster, c.name, c.id);
  END IF;
  RETURN QUERY
    SELECT k.verifier, k.salt, k.node_name, k.profile, k.expires, k.expires <= clock_timestamp(), k.attempts,
      k.used, k.used_from, k.used_by, k.ended, k.why, s.pem, n.number
    FROM codes k LEFT JOIN certificates s ON s.serial = k.certificate LEFT JOIN nodes n ON n.number = s.node AND n.state <> 'removed'
    WHERE k.id = p_id
    FOR UPDATE OF k;
END $$;

-- Returns how many more wrong secrets the code bears.
CREATE FUNCTION count_wrong_secret(p_epoch bigint, p_id integer, p_from text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  wrong integer;
BEGIN
  PERFORM act_by(p_epoch);
  UPDATE codes SET attempts = attempts + 1 WHERE id = p_id RETURNING attempts INTO wrong;
  UPDATE codes SET ended = now(), why = format('somebody tried %s wrong secrets', wrong) WHERE id = p_id AND wrong >= 10 AND used IS NULL AND ended IS NULL;
  PERFORM record_event('code.wrong', format('code %s, attempt %s, from %s', p_id, wrong, p_from));
  RETURN greatest(10 - wrong, 0);
END $$;

CREATE FUNCTION admit_node(p_epoch bigint, p_id integer, p_address inet, p_port integer, p_location text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  k codes;
BEGIN
  SELECT * INTO STRICT k FROM codes WHERE id = p_id AND used IS NULL AND ended IS NULL AND expires > clock_timestamp();
  RETURN add_node(p_epoch, k.node_name, p_address, p_port, k.profile, p_location, 'joining');
END $$;

CREATE FUNCTION finish_code(p_epoch bigint, p_id integer, p_node integer, p_from text, p_serial text, p_key_hash text, p_pem text, p_not_before timestamptz, p_not_after timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  n nodes;
BEGIN
  PERFORM act_by(p_epoch);
  n := member_row(p_node);
  INSERT INTO certificates (serial, node, key_hash, pem, not_before, not_after) VALUES (p_serial, p_node, p_key_hash, p_pem, p_not_before, p_not_after);
  UPDATE codes SET used = clock_timestamp(), used_from = p_from, used_by = p_key_hash, certificate = p_serial
  WHERE id = p_id AND node_name = n.name AND used IS NULL AND ended IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'GH002', MESSAGE = format('code %s is not for %s, or was used meanwhile', p_id, n.name);
  END IF;
  PERFORM record_event('node.joining', format('node %s (%s), %s, by code %s from %s, serial %s', n.number, n.name, n.profile, p_id, p_from, p_serial));
END $$;

GRANT SELECT (id, node_name, profile, created_by, created, expires, attempts, used, used_from, used_by, certificate, ended, why) ON codes TO gatehouse_node;
GRANT EXECUTE ON FUNCTION invite(integer, text, text, bytea, bytea, timestamptz, boolean), withdraw_code(integer, text) TO gatehouse_node;
GRANT EXECUTE ON FUNCTION take_code(bigint, text, integer), count_wrong_secret(bigint, integer, text), admit_node(bigint, integer, inet, integer, text),
  finish_code(bigint, integer, integer, text, text, text, text, timestamptz, timestamptz) TO gatehouse_issuer;
