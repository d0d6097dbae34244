-- Which replicas of the registry follow; what a joining node says of itself is kept with its membership; events name the administrator.
SET LOCAL ROLE gatehouse_owner;
SET LOCAL search_path = gatehouse, pg_catalog;

-- The walsenders of the primary, by the name that Patroni gives each replica: its node's. A base backup is no replica yet.
CREATE FUNCTION replicas() RETURNS TABLE (name text, state text, behind bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
  SELECT r.application_name, r.state, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(r.replay_lsn, r.sent_lsn)), 0)::bigint
  FROM pg_stat_replication r
  WHERE r.state IN ('streaming', 'catchup') AND NOT pg_is_in_recovery()
$$;

-- A node becomes a member and its own answers are filed, or neither.
CREATE FUNCTION ready_node(p_epoch bigint, p_node integer, p_answers text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  n nodes;
BEGIN
  PERFORM act_by(p_epoch);
  n := member_row(p_node);
  -- Asked again, because the first answer was lost: what the node has filed since is newer.
  IF n.state = 'joining' AND n.answers IS DISTINCT FROM p_answers THEN
    UPDATE nodes SET answers = p_answers WHERE number = p_node;
    PERFORM record_event('node.answered', format('node %s (%s)', n.number, n.name));
  END IF;
  RETURN activate_node(p_epoch, p_node);
END $$;

-- The login and, as its node says, the administrator behind it. The node vouches for that name, and for no other login.
CREATE FUNCTION actor() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
  SELECT session_user || coalesce(' (' || substring(current_setting('gatehouse.administrator', true) FROM '^[A-Za-z0-9_][A-Za-z0-9_.@$ -]{0,99}$') || ')', '')
$$;

CREATE OR REPLACE FUNCTION chain_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  head events_head;
BEGIN
  SELECT * INTO STRICT head FROM events_head FOR UPDATE;
  NEW.number := head.number + 1;
  NEW.at := clock_timestamp();
  NEW.actor := actor();
  NEW.previous := head.hash;
  NEW.hash := event_hash(NEW.previous, NEW.number, NEW.at, NEW.actor, NEW.kind, NEW.detail);
  UPDATE events_head SET number = NEW.number, hash = NEW.hash;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION issue_command(p_kind text, p_arguments jsonb, p_nodes integer[], p_deadline timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  latest bigint;
  asked integer;
  chosen integer[] := p_nodes;
BEGIN
  PERFORM own_node();
  LOCK TABLE commands IN SHARE ROW EXCLUSIVE MODE;
  FOREACH asked IN ARRAY p_nodes LOOP
    IF NOT EXISTS (SELECT FROM nodes WHERE number = asked AND state <> 'removed') THEN
      RAISE EXCEPTION USING ERRCODE = 'GH008', MESSAGE = format('there is no node %s in this cluster', asked);
    END IF;
  END LOOP;
  IF cardinality(p_nodes) = 0 THEN
    SELECT array_agg(number ORDER BY number) INTO chosen FROM nodes WHERE state <> 'removed';
  END IF;
  SELECT coalesce(max(number), 0) + 1 INTO latest FROM commands;
  INSERT INTO commands (number, kind, arguments, nodes, by, deadline) VALUES (latest, p_kind, p_arguments, chosen, actor(), p_deadline);
  PERFORM record_event('command.issued', format('command %s, %s', latest, p_kind));
  RETURN latest;
END $$;

-- The verifier carries its salt; the column beside it held nothing.
DROP FUNCTION invite(integer, text, text, bytea, bytea, timestamptz, boolean);
DROP FUNCTION take_code(bigint, text, integer);
ALTER TABLE codes DROP COLUMN salt;

CREATE FUNCTION invite(p_id integer, p_name text, p_profile text, p_verifier bytea, p_expires timestamptz, p_replace boolean) RETURNS void
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
  INSERT INTO codes (id, node_name, profile, verifier, created_by, expires) VALUES (p_id, p_name, p_profile, p_verifier, session_user, p_expires);
  PERFORM record_event('code.made', format('code %s for %s, %s', p_id, p_name, p_profile));
END $$;

CREATE FUNCTION take_code(p_epoch bigint, p_cluster text, p_id integer)
RETURNS TABLE (verifier bytea, node_name text, profile text, expires timestamptz, expired boolean, attempts integer,
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
    SELECT k.verifier, k.node_name, k.profile, k.expires, k.expires <= clock_timestamp(), k.attempts,
      k.used, k.used_from, k.used_by, k.ended, k.why, s.pem, n.number
    FROM codes k LEFT JOIN certificates s ON s.serial = k.certificate LEFT JOIN nodes n ON n.number = s.node AND n.state <> 'removed'
    WHERE k.id = p_id
    FOR UPDATE OF k;
END $$;

GRANT EXECUTE ON FUNCTION replicas(), invite(integer, text, text, bytea, timestamptz, boolean) TO gatehouse_node;
GRANT EXECUTE ON FUNCTION take_code(bigint, text, integer), ready_node(bigint, integer, text) TO gatehouse_issuer;
