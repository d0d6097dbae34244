-- What a member may do follows from its duties. The database itself enforces it, because root of any member can speak SQL with the
-- certificate of its node and need not use this program.
SET LOCAL ROLE gatehouse_owner;
SET LOCAL search_path = gatehouse, pg_catalog;

-- ---------------------------------------------------------------------------------------------------------------- settings

-- Active members whose last heartbeat is young enough for settings to wait for them. FollowSequence.Absence is the same time; the test of
-- the two rules holds them together.
CREATE FUNCTION present_nodes() RETURNS SETOF integer
LANGUAGE sql STABLE SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
  SELECT n.number FROM nodes n JOIN heartbeats h ON h.node = n.number
  WHERE n.state = 'active' AND h.at >= clock_timestamp() - interval '45 seconds'
$$;

-- False when the version is no longer in the state that the caller decided by: another member was faster. Rollout.Decide in Core has the same
-- rules. What it decided by can change before the call arrives; then this refuses, and the caller decides again later.
CREATE OR REPLACE FUNCTION mark_settings(p_number bigint, p_from text, p_to text, p_note text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := own_node();
  is_issuer boolean := own = (SELECT issuer FROM cluster);
  kept text := left(p_note, 65536);
  s settings;
  other text;
BEGIN
  SELECT * INTO s FROM settings WHERE number = p_number FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'GH008', MESSAGE = format('there is no settings version %s', p_number);
  ELSIF (p_from, p_to) NOT IN (('trying', 'following'), ('trying', 'withdrawn'), ('following', 'good'), ('following', 'withdrawn')) THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('settings do not go from %s to %s', p_from, p_to);
  ELSIF p_from = 'trying' AND own <> s.author AND NOT is_issuer THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format(
      'version %s is being tried on %s; only that node and the issuer decide about it', p_number, node_name(s.author));
  ELSIF s.state <> p_from THEN
    RETURN false;
  END IF;

  IF (p_from, p_to) = ('trying', 'following') AND NOT EXISTS (SELECT FROM settings_results WHERE version = p_number AND node = s.author AND applied) THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format(
      'version %s cannot be followed: %s, which proposed it, has not reported that it applied and verified it', p_number, node_name(s.author));
  END IF;

  IF (p_from, p_to) = ('trying', 'following') AND NOT is_approved(p_number) THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('version %s cannot be followed before it is approved%s', p_number,
      CASE needed_approval(p_number) WHEN 'token' THEN ' with the master token' ELSE format(' on another active node than %s', node_name(s.author)) END);
  END IF;

  SELECT string_agg(n.name, ', ' ORDER BY n.number) INTO other
  FROM settings_results r JOIN nodes n ON n.number = r.node AND n.state = 'active' WHERE r.version = p_number AND NOT r.applied;
  IF (p_from, p_to) = ('following', 'withdrawn') AND other IS NULL AND NOT is_issuer THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format(
      'version %s cannot be withdrawn: no active member has reported that it failed; the issuer alone may withdraw it all the same', p_number);
  ELSIF p_to = 'good' AND other IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('version %s is not good: it failed on %s', p_number, other);
  ELSIF p_to = 'good' THEN
    SELECT string_agg(n.name, ', ' ORDER BY n.number) INTO other
    FROM nodes n JOIN present_nodes() present ON present = n.number
    WHERE NOT EXISTS (SELECT FROM settings_results r WHERE r.version = p_number AND r.node = n.number AND r.applied);
    IF other IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('version %s is not good yet: %s has not reported that it applied it', p_number, other);
    END IF;
  END IF;

  UPDATE settings SET state = p_to, note = kept, changed = now() WHERE number = p_number;
  PERFORM record_event('settings.' || p_to, format('version %s%s', p_number, CASE kept WHEN '' THEN '' ELSE ': ' || left(kept, 4000) END));
  RETURN true;
END $$;

-- What a node says of itself: how a version went, and which version is in force on it now; 0 before the first.
CREATE OR REPLACE FUNCTION record_settings_result(p_version bigint, p_applied boolean, p_message text, p_running bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := spend('result', length(p_message));
  missing bigint;
BEGIN
  SELECT v INTO missing FROM unnest(ARRAY[p_version, nullif(p_running, 0)]) v WHERE v IS NOT NULL AND NOT EXISTS (SELECT FROM settings WHERE number = v) LIMIT 1;
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'GH008', MESSAGE = format('there is no settings version %s', missing);
  END IF;
  INSERT INTO settings_results (node, version, applied, message) VALUES (own, p_version, p_applied, p_message)
  ON CONFLICT (version, node) DO UPDATE SET applied = excluded.applied, message = excluded.message, at = now();
  UPDATE heartbeats SET settings_version = p_running WHERE node = own;
END $$;

-- ------------------------------------------------------------------------------------------------------------------ duties

-- The duties of each profile, as in Core's Profile.
CREATE TABLE profile_duties (
  profile text NOT NULL,
  duty    text NOT NULL,
  PRIMARY KEY (profile, duty)
);
INSERT INTO profile_duties (profile, duty)
SELECT p.profile, duty FROM (VALUES
  ('standalone', ARRAY['mail', 'web']),
  ('backend',    ARRAY['database', 'cache', 'mq', 'indexer']),
  ('database',   ARRAY['database']),
  ('cache',      ARRAY['cache']),
  ('mq',         ARRAY['mq']),
  ('indexer',    ARRAY['indexer']),
  ('mail',       ARRAY['mail']),
  ('web',        ARRAY['web']),
  ('node',       ARRAY['mail', 'web']),
  ('balancer',   ARRAY['balancer']),
  ('full',       ARRAY['database', 'cache', 'mq', 'indexer', 'mail', 'web'])) p (profile, duties), unnest(p.duties) duty;

CREATE FUNCTION has_duty(p_node integer, p_duty text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, gatehouse, pg_temp
RETURN EXISTS (SELECT FROM nodes n JOIN profile_duties d ON d.profile = n.profile WHERE n.number = p_node AND d.duty = p_duty);

-- --------------------------------------------------------------------------------------------------------------- join codes

-- Core's CodeRules says the same, so that a command can refuse before it does anything.
CREATE FUNCTION require_code_maker() RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := own_node();
BEGIN
  IF NOT has_duty(own, 'database') THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = (SELECT format(
      '%s has the profile %s and may neither make nor withdraw join codes: a code lets a new node into the cluster, so only nodes that hold the registry may. Run this on one of them: %s.',
      n.name, n.profile, (SELECT coalesce(string_agg(m.name, ', ' ORDER BY m.number), 'there is none now') FROM nodes m WHERE m.state = 'active' AND has_duty(m.number, 'database')))
      FROM nodes n WHERE n.number = own);
  END IF;
  RETURN own;
END $$;

CREATE OR REPLACE FUNCTION invite(p_id integer, p_name text, p_profile text, p_verifier bytea, p_expires timestamptz, p_replace boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  live codes;
BEGIN
  PERFORM require_code_maker();
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
  IF (SELECT count(*) FROM codes WHERE used IS NULL AND ended IS NULL AND expires > now()) >= 1000 THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = '1,000 join codes are good at this moment, and there may be no more; let hosts use them, or wait until they expire';
  END IF;
  INSERT INTO codes (id, node_name, profile, verifier, created_by, expires) VALUES (p_id, p_name, p_profile, p_verifier, session_user, p_expires);
  PERFORM record_event('code.made', format('code %s for %s, %s', p_id, p_name, p_profile));
END $$;

CREATE OR REPLACE FUNCTION withdraw_code(p_id integer, p_why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
BEGIN
  PERFORM require_code_maker();
  UPDATE codes SET ended = now(), why = left(p_why, 1000) WHERE id = p_id AND used IS NULL AND ended IS NULL;
  IF FOUND THEN
    PERFORM record_event('code.withdrawn', format('code %s: %s', p_id, left(p_why, 1000)));
    RETURN true;
  END IF;
  RETURN false;
END $$;

-- ------------------------------------------------------------------------------------------------------------------ quotas

-- What one node may do within an hour. A member that writes without end would fill the disks of the nodes that hold the registry.
CREATE TABLE quotas (
  kind  text PRIMARY KEY,
  calls integer NOT NULL,
  bytes bigint NOT NULL
);
INSERT INTO quotas (kind, calls, bytes) VALUES
  ('event',         1000,  1048576),
  ('command',        600,  4194304),
  ('secret',         200,  1048576),
  ('settings',       600, 67108864),
  ('result',        3600, 16777216),
  ('answers',        120, 16777216),
  ('place',          120,    65536),
  ('quarantine',   20000, 16777216);

CREATE TABLE spent (
  node  integer NOT NULL,
  kind  text NOT NULL REFERENCES quotas,
  since timestamptz NOT NULL,
  calls integer NOT NULL,
  bytes bigint NOT NULL,
  PRIMARY KEY (node, kind)
);

-- Returns the number of the member that calls.
CREATE FUNCTION spend(p_kind text, p_bytes bigint) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := own_node();
  moment timestamptz := clock_timestamp();
  q quotas;
  s spent;
BEGIN
  SELECT * INTO STRICT q FROM quotas WHERE kind = p_kind;
  INSERT INTO spent AS t (node, kind, since, calls, bytes) VALUES (own, p_kind, moment, 1, p_bytes)
  ON CONFLICT (node, kind) DO UPDATE SET
    since = CASE WHEN t.since < moment - interval '1 hour' THEN moment ELSE t.since END,
    calls = CASE WHEN t.since < moment - interval '1 hour' THEN 1 ELSE t.calls + 1 END,
    bytes = CASE WHEN t.since < moment - interval '1 hour' THEN p_bytes ELSE t.bytes + p_bytes END
  RETURNING * INTO s;
  IF s.calls > q.calls OR s.bytes > q.bytes THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format(
      '%s has reached the limit of what a node may write within an hour (%s: %s times or %s bytes); it may go on at %s. If no administrator did this, find out what runs on that node.',
      node_name(own), p_kind, q.calls, q.bytes, to_char((s.since + interval '1 hour') AT TIME ZONE 'UTC', 'HH24:MI:SS "UTC"'));
  END IF;
  RETURN own;
END $$;

-- ----------------------------------------------------------------------------------------------------------------- secrets

-- Beginnings of names, and the duties that need these secrets; Core's SecretDuties holds the same. What is not listed is for nodes that hold
-- the registry alone.
CREATE TABLE secret_duties (
  prefix text NOT NULL,
  duty   text NOT NULL,
  PRIMARY KEY (prefix, duty)
);
INSERT INTO secret_duties (prefix, duty) VALUES
  ('cluster.redis-password', 'cache'),
  ('cluster.redis-password', 'mail'),
  ('cluster.erlang-cookie', 'mq'),
  ('cluster.web-password', 'web'),
  ('backend.redis_password', 'mail'),
  ('backend.queue_password', 'database'),
  ('backend.database_password', 'database'),
  ('mta.', 'mail'),
  ('scanner.', 'mail'),
  ('quarantine.', 'mail'),
  ('web.', 'web');

CREATE FUNCTION secret_reaches(p_name text, p_profile text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, gatehouse, pg_temp
RETURN EXISTS (SELECT FROM profile_duties d WHERE d.profile = p_profile
  AND (d.duty = 'database' OR EXISTS (SELECT FROM secret_duties s WHERE s.duty = d.duty AND starts_with(p_name, s.prefix))));

-- What the issuer gives to a node that joins.
CREATE FUNCTION secrets_of_profile(p_profile text) RETURNS TABLE (name text, key_id text, sealed text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$ SELECT s.name, s.key_id, s.sealed FROM secrets s WHERE secret_reaches(s.name, p_profile) ORDER BY s.name $$;

-- What the caller's duties need; all of them for the issuer, which gives them to others.
CREATE FUNCTION own_secrets() RETURNS TABLE (name text, key_id text, sealed text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := own_node();
BEGIN
  RETURN QUERY SELECT s.name, s.key_id, s.sealed FROM secrets s
  WHERE own = (SELECT c.issuer FROM cluster c) OR secret_reaches(s.name, (SELECT n.profile FROM nodes n WHERE n.number = own))
  ORDER BY s.name;
END $$;

-- Any member adds the passwords of the settings that it proposes. Those that the cluster makes for itself come from a node that uses them. What is
-- there stays, unless the issuer or a node that holds the registry replaces it.
CREATE FUNCTION store_secret(p_name text, p_key_id text, p_sealed text, p_replace boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := own_node();
  is_trusted boolean := own = (SELECT issuer FROM cluster) OR has_duty(own, 'database');
BEGIN
  IF EXISTS (SELECT FROM secrets WHERE name = p_name) THEN
    IF NOT p_replace THEN
      RETURN;
    ELSIF NOT is_trusted THEN
      RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format(
        'the secret %s exists already; only the issuer and nodes that hold the registry may replace it, and %s does not', p_name, node_name(own));
    END IF;
  ELSIF NOT is_trusted THEN
    IF starts_with(p_name, 'cluster.') AND NOT secret_reaches(p_name, (SELECT profile FROM nodes WHERE number = own)) THEN
      RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('%s does not use the secret %s; a node that uses it makes it', node_name(own), p_name);
    ELSIF length(p_sealed) > 16384 OR length(p_key_id) > 100 THEN
      RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('the secret %s is too long: %s characters, and 16,384 are allowed', p_name, length(p_sealed));
    END IF;
    PERFORM spend('secret', length(p_sealed));
  END IF;
  INSERT INTO secrets (name, key_id, sealed, by) VALUES (p_name, p_key_id, p_sealed, session_user)
  ON CONFLICT (name) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed, by = excluded.by, at = now() WHERE p_replace AND is_trusted;
  IF FOUND THEN
    PERFORM record_event('secret.put', format('%s, sealed with key %s', p_name, p_key_id));
  ELSIF p_replace THEN
    RAISE EXCEPTION USING ERRCODE = 'GH002', MESSAGE = format('another member made the secret %s at the same moment; run this again', p_name);
  END IF;
END $$;

CREATE OR REPLACE FUNCTION put_secret(p_name text, p_key_id text, p_sealed text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$ SELECT store_secret(p_name, p_key_id, p_sealed, true) $$;

CREATE OR REPLACE FUNCTION add_secret(p_name text, p_key_id text, p_sealed text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$ SELECT store_secret(p_name, p_key_id, p_sealed, false) $$;

REVOKE SELECT ON secrets FROM gatehouse_node;
GRANT EXECUTE ON FUNCTION own_secrets() TO gatehouse_node;
GRANT EXECUTE ON FUNCTION secrets_of_profile(text) TO gatehouse_issuer;

-- ------------------------------------------------------------------------------------------- what a node says of itself

-- Escape sequences in a location or a release would reach the terminal of whoever looks at the cluster.
ALTER TABLE nodes ADD CONSTRAINT nodes_location_plain CHECK (location !~ '[[:cntrl:]]') NOT VALID;
ALTER TABLE heartbeats ADD CONSTRAINT heartbeats_release_plain CHECK (release !~ '[[:cntrl:]]') NOT VALID;
ALTER TABLE heartbeats ADD CONSTRAINT heartbeats_status_object CHECK (jsonb_typeof(status) = 'object') NOT VALID;
ALTER TABLE heartbeats ADD CONSTRAINT heartbeats_settings_version CHECK (settings_version >= 0) NOT VALID;

-- The members connect to it and let it in, so it is an address that one host alone can have.
CREATE FUNCTION require_host_address(p_address inet) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM unnest(ARRAY['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3', '::/127', '::ffff:0:0/96', 'fe80::/10', 'ff00::/8']::inet[]) n WHERE p_address <<= n) THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('%s is not an address at which other hosts reach a node; give the address of its interface', host(p_address));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION move_self(p_address inet, p_port integer, p_location text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
BEGIN
  PERFORM require_host_address(p_address);
  PERFORM change_place(spend('place', length(p_location)), p_address, p_port, p_location);
END $$;

CREATE OR REPLACE FUNCTION set_sync_place(p_address inet, p_port integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  n nodes := member_row(spend('place', 0));
  other nodes;
BEGIN
  PERFORM require_host_address(p_address);
  IF (n.sync_address, coalesce(n.sync_port, 1027)) IS NOT DISTINCT FROM (p_address, p_port) THEN
    RETURN false;
  END IF;
  SELECT * INTO other FROM nodes
  WHERE state <> 'removed' AND number <> n.number AND coalesce(sync_address, address) = coalesce(p_address, n.address) AND coalesce(sync_port, 1027) = p_port;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'GH004', MESSAGE = format(
      'the quarantine of %s is reached at %s port %s already; nodes behind one address need ports of their own: set quarantine.forwarded_port', other.name, host(coalesce(p_address, n.address)), p_port);
  END IF;
  UPDATE nodes SET sync_address = p_address, sync_port = p_port WHERE number = n.number;
  PERFORM record_event('node.sync-place', format('node %s (%s): %s port %s', n.number, n.name, coalesce(host(p_address), 'its own address'), p_port));
  RETURN true;
END $$;

-- Whether the registry may lose another node is counted by these votes, and only nodes that hold it have one.
CREATE OR REPLACE FUNCTION set_vote(p_votes boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  n nodes := member_row(spend('place', 0));
BEGIN
  IF p_votes AND NOT has_duty(n.number, 'database') THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('%s has the profile %s and does not hold the registry, so it has no vote about it', n.name, n.profile);
  ELSIF (n.votes_since IS NOT NULL) = p_votes THEN
    RETURN false;
  END IF;
  UPDATE nodes SET votes_since = CASE WHEN p_votes THEN clock_timestamp() END WHERE number = n.number;
  PERFORM record_event('node.vote', format('node %s (%s) %s', n.number, n.name, CASE WHEN p_votes THEN 'votes' ELSE 'votes no more' END));
  RETURN true;
END $$;

CREATE OR REPLACE FUNCTION answer_self(p_answers text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  n nodes := member_row(spend('answers', length(p_answers)));
BEGIN
  IF n.answers IS DISTINCT FROM p_answers THEN
    UPDATE nodes SET answers = p_answers WHERE number = n.number;
    PERFORM record_event('node.answered', format('node %s (%s)', n.number, n.name));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION append_event(p_kind text, p_detail text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
BEGIN
  IF p_kind LIKE '%.%' THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('only the registry writes events of the kind %s', p_kind);
  END IF;
  PERFORM spend('event', length(p_detail));
  PERFORM record_event(p_kind, p_detail);
END $$;

-- An order stands for a while, not for ever: a member that returns after months would carry it out.
CREATE OR REPLACE FUNCTION issue_command(p_kind text, p_arguments jsonb, p_nodes integer[], p_deadline timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  latest bigint;
  asked integer;
  chosen integer[];
BEGIN
  PERFORM spend('command', length(p_arguments::text));
  IF p_deadline > clock_timestamp() + interval '7 days' THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = 'an order stands for 7 days at most; give an earlier deadline, or check the clock of this host';
  END IF;
  LOCK TABLE commands IN SHARE ROW EXCLUSIVE MODE;
  FOREACH asked IN ARRAY p_nodes LOOP
    IF NOT EXISTS (SELECT FROM nodes WHERE number = asked AND state <> 'removed') THEN
      RAISE EXCEPTION USING ERRCODE = 'GH008', MESSAGE = format('there is no node %s in this cluster', asked);
    END IF;
  END LOOP;
  SELECT array_agg(number ORDER BY number) INTO chosen FROM nodes WHERE state <> 'removed' AND (cardinality(p_nodes) = 0 OR number = ANY (p_nodes));
  SELECT coalesce(max(number), 0) + 1 INTO latest FROM commands;
  INSERT INTO commands (number, kind, arguments, nodes, by, deadline) VALUES (latest, p_kind, p_arguments, chosen, actor(), p_deadline);
  PERFORM record_event('command.issued', format('command %s, %s', latest, p_kind));
  RETURN latest;
END $$;

-- Requests for messages go soon, other orders after three months; the events keep who gave them.
CREATE OR REPLACE FUNCTION forget_requests() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  newest bigint := (SELECT max(number) FROM commands);
  old bigint[];
BEGIN
  -- A node that began in time has reported by then how it went. The newest order stays, so that no number is given twice.
  SELECT array_agg(number) INTO old FROM commands
  WHERE number < newest AND deadline < now() - CASE kind WHEN 'quarantine' THEN interval '10 minutes' ELSE interval '90 days' END;
  DELETE FROM command_results WHERE command = ANY (old);
  DELETE FROM commands WHERE number = ANY (old);
  RETURN NULL;
END $$;

-- -------------------------------------------------------------------------------------------------------------- quarantine

-- Whether the caller may do it; if not, who did it or is at it. A deed that was begun and is past its deadline may have been done
-- or not: it is begun again only by a caller that says that it knows. What is taken over from another node is recorded.
CREATE OR REPLACE FUNCTION claim_message(p_message text, p_action text, p_seconds integer, p_again boolean)
RETURNS TABLE (granted boolean, action text, state text, node integer, name text, at timestamptz, overdue boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  own integer := spend('quarantine', length(p_message));
  c quarantine_claims;
  moment timestamptz := clock_timestamp();
BEGIN
  IF p_seconds IS NULL OR p_seconds NOT BETWEEN 1 AND 600 THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('a message is claimed for 1 to 600 seconds, not for %s', coalesce(p_seconds::text, 'ever'));
  END IF;
  INSERT INTO quarantine_claims (message, action, state, before, node, at, deadline)
  VALUES (p_message, p_action, 'claimed', NULL, own, moment, moment + make_interval(secs => p_seconds))
  ON CONFLICT (message) DO NOTHING;
  IF FOUND THEN
    RETURN QUERY SELECT true, p_action, 'claimed'::text, own, node_name(own), moment, false;
    RETURN;
  END IF;
  SELECT * INTO STRICT c FROM quarantine_claims q WHERE q.message = p_message FOR UPDATE;
  moment := clock_timestamp();
  IF (c.state = 'done' AND (p_action = 'delete' OR (c.action = 'release' AND p_again)))
    OR (c.state = 'claimed' AND c.deadline <= moment AND (p_again OR p_action = 'delete')) THEN
    UPDATE quarantine_claims q SET action = p_action, state = 'claimed', before = c.state, node = own, at = moment, deadline = moment + make_interval(secs => p_seconds)
    WHERE q.message = p_message;
    IF c.state = 'claimed' AND c.node <> own THEN
      PERFORM record_event('quarantine.taken-over', format('%s: %s, after %s had begun to %s it at %s and did not report an end', p_message, p_action, node_name(c.node), c.action,
        to_char(c.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')));
    END IF;
    RETURN QUERY SELECT true, p_action, 'claimed'::text, own, node_name(own), moment, false;
  ELSE
    RETURN QUERY SELECT false, c.action, c.state, c.node, node_name(c.node), c.at, c.state = 'claimed' AND c.deadline <= moment;
  END IF;
END $$;

-- How it ended. False when another node has taken it over meanwhile. Giving up is recorded as well: the caller alone knows what it did before.
CREATE OR REPLACE FUNCTION settle_message(p_message text, p_at timestamptz, p_done boolean, p_detail text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := own_node();
  c quarantine_claims;
BEGIN
  SELECT * INTO c FROM quarantine_claims WHERE message = p_message AND node = own AND at = p_at AND state = 'claimed' FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  ELSIF p_done THEN
    UPDATE quarantine_claims SET state = 'done' WHERE message = p_message;
    PERFORM record_event(CASE c.action WHEN 'release' THEN 'quarantine.released' ELSE 'quarantine.deleted' END, left(format('%s: %s', p_message, p_detail), 4000));
    RETURN true;
  ELSIF c.before IS NULL THEN
    DELETE FROM quarantine_claims WHERE message = p_message;
  ELSE
    UPDATE quarantine_claims SET state = c.before, deadline = clock_timestamp() WHERE message = p_message;
  END IF;
  PERFORM record_event('quarantine.given-up', left(format('%s: %s%s', p_message, c.action, CASE p_detail WHEN '' THEN '' ELSE ': ' || p_detail END), 4000));
  RETURN true;
END $$;

-- What the node that took a message did with it while the registry was unreachable. False when another had done the same. A clock that is
-- wrong or a lie puts no deed into the future.
CREATE OR REPLACE FUNCTION tell_message(p_message text, p_action text, p_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := spend('quarantine', length(p_message));
  moment timestamptz := least(p_at, clock_timestamp());
  twice boolean;
BEGIN
  IF split_part(p_message, '/', 1) <> own::text THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('%s was not taken by node %s', p_message, own);
  END IF;
  twice := p_action = 'release' AND EXISTS (SELECT FROM quarantine_claims WHERE message = p_message AND action = 'release' AND node <> own);
  INSERT INTO quarantine_claims (message, action, state, node, at, deadline) VALUES (p_message, p_action, 'done', own, moment, moment)
  ON CONFLICT (message) DO UPDATE SET action = excluded.action, state = 'done', node = own, at = excluded.at;
  PERFORM record_event(CASE WHEN twice THEN 'quarantine.released-twice' WHEN p_action = 'release' THEN 'quarantine.released' ELSE 'quarantine.deleted' END,
    format('%s: on the node that took it, at %s, while the registry was away', p_message, to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')));
  RETURN NOT twice;
END $$;

-- Only a node that has messages deletes old ones: another would take the turn and delete nothing.
CREATE OR REPLACE FUNCTION begin_retention() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := own_node();
BEGIN
  IF NOT has_duty(own, 'mail') THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('%s takes no mail, so it deletes no old messages', node_name(own));
  END IF;
  INSERT INTO quarantine_upkeep AS u (node, begun) VALUES (own, clock_timestamp())
  ON CONFLICT (one) DO UPDATE SET node = own, begun = clock_timestamp(), ended = NULL
  -- One that was begun and not ended is begun by another after an hour.
  WHERE u.node = own AND u.ended IS NULL OR u.begun < clock_timestamp() - CASE WHEN u.ended IS NULL THEN interval '1 hour' ELSE interval '12 hours' END;
  RETURN FOUND;
END $$;

-- What was done with messages that are gone need not be known any more. The days are the caller's word, so there is a least.
CREATE OR REPLACE FUNCTION end_retention(p_days integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := own_node();
BEGIN
  UPDATE quarantine_upkeep SET ended = clock_timestamp() WHERE node = own AND ended IS NULL;
  IF FOUND AND p_days > 0 THEN
    DELETE FROM quarantine_claims WHERE at < clock_timestamp() - make_interval(days => least(greatest(p_days, 7), 36500) + 7);
  END IF;
END $$;

-- ---------------------------------------------------------------------------------------------------------------- approval

-- Which approval changes to the settings need, as the answers of each version say. Members that follow compare the two.
ALTER TABLE settings ADD COLUMN approval text NOT NULL DEFAULT 'none' CHECK (approval IN ('none', 'member', 'token'));

CREATE TABLE settings_approvals (
  version  bigint NOT NULL REFERENCES settings,
  node     integer NOT NULL REFERENCES nodes,
  by       text NOT NULL,
  by_token boolean NOT NULL,
  at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (version, node)
);
CREATE TRIGGER notice AFTER INSERT OR UPDATE ON settings_approvals FOR EACH STATEMENT EXECUTE FUNCTION notice('settings');

-- A version needs the approval that the good version before it asks for, so no version can do without it by saying so itself.
CREATE FUNCTION needed_approval(p_number bigint) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$ SELECT coalesce((SELECT b.approval FROM settings s JOIN settings b ON b.number = s.base WHERE s.number = p_number), 'none') $$;

-- The master token approves in both modes: a cluster may have no second node at a time.
CREATE FUNCTION is_approved(p_number bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
  SELECT CASE needed_approval(p_number) WHEN 'none' THEN true ELSE EXISTS (
    SELECT FROM settings_approvals a JOIN settings s ON s.number = a.version JOIN nodes n ON n.number = a.node
    WHERE a.version = p_number AND (a.by_token OR (needed_approval(p_number) = 'member' AND a.node <> s.author AND n.state = 'active'))) END
$$;

DROP FUNCTION propose_settings(bigint, text);
CREATE FUNCTION propose_settings(p_base bigint, p_answers text, p_approval text DEFAULT 'none') RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := spend('settings', length(p_answers));
  s settings;
  latest bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM nodes WHERE number = own AND state = 'active') THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('%s is not an active node of this cluster, and only active nodes change its settings; change them on another one', node_name(own));
  END IF;
  LOCK TABLE settings IN SHARE ROW EXCLUSIVE MODE;
  SELECT * INTO s FROM settings WHERE state <> 'withdrawn' ORDER BY number DESC LIMIT 1;
  IF s.number IS DISTINCT FROM p_base AND (s.number IS NOT NULL OR p_base <> 0) THEN
    RAISE EXCEPTION USING ERRCODE = 'GH002', MESSAGE = format(
      'the settings were changed meanwhile: version %s by %s on %s, and this was made from version %s; look at the newer one and make your change again',
      coalesce(s.number, 0), coalesce(node_name(s.author), 'nobody'), to_char(s.created AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'), p_base);
  ELSIF s.state IN ('trying', 'following') THEN
    RAISE EXCEPTION USING ERRCODE = 'GH002', MESSAGE = format(
      'version %s by %s of %s is still on its way to all nodes; wait until it is good or withdrawn',
      s.number, node_name(s.author), to_char(s.created AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'));
  END IF;
  SELECT coalesce(max(number), 0) + 1 INTO latest FROM settings;
  INSERT INTO settings (number, base, answers, state, author, approval) VALUES (latest, p_base, p_answers, 'trying', own, p_approval);
  PERFORM record_event('settings.proposed', format('version %s from version %s', latest, p_base));
  RETURN latest;
END $$;

-- The version that is being tried, for those who approve or reject it.
CREATE FUNCTION tried_settings(p_number bigint) RETURNS settings
LANGUAGE plpgsql SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := spend('settings', 0);
  s settings;
BEGIN
  SELECT * INTO s FROM settings WHERE number = p_number FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'GH008', MESSAGE = format('there is no settings version %s', p_number);
  ELSIF NOT EXISTS (SELECT FROM nodes WHERE number = own AND state = 'active') THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('%s is not an active node of this cluster; do it on another one', node_name(own));
  ELSIF s.state <> 'trying' THEN
    RAISE EXCEPTION USING ERRCODE = 'GH002', MESSAGE = format('settings version %s waits for nothing any more: it is %s', p_number, s.state);
  END IF;
  RETURN s;
END $$;

CREATE FUNCTION approve_settings(p_number bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  s settings := tried_settings(p_number);
  own integer := own_node();
BEGIN
  IF needed_approval(p_number) = 'token' THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('version %s is approved with the master token alone; give it', p_number);
  ELSIF needed_approval(p_number) = 'none' THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('version %s needs no approval', p_number);
  ELSIF own = s.author THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('%s proposed version %s itself; approve it on another active node, or with the master token', node_name(own), p_number);
  END IF;
  INSERT INTO settings_approvals (version, node, by, by_token) VALUES (p_number, own, actor(), false) ON CONFLICT DO NOTHING;
  IF FOUND THEN
    PERFORM record_event('settings.approved', format('version %s by %s', p_number, node_name(s.author)));
  END IF;
END $$;

CREATE FUNCTION approve_settings_by_token(p_number bigint, p_proof bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  s settings := tried_settings(p_number);
BEGIN
  IF sha256(p_proof) IS DISTINCT FROM (SELECT promotion FROM cluster) THEN
    RAISE EXCEPTION USING ERRCODE = 'GH010', MESSAGE = 'this is not the master token of this cluster';
  ELSIF needed_approval(p_number) = 'none' THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('version %s needs no approval', p_number);
  END IF;
  INSERT INTO settings_approvals (version, node, by, by_token) VALUES (p_number, own_node(), actor(), true)
  ON CONFLICT (version, node) DO UPDATE SET by = excluded.by, by_token = true, at = now();
  PERFORM record_event('settings.approved', format('version %s by %s, with the master token', p_number, node_name(s.author)));
END $$;

-- Any member may: it can report that a version failed as well. A version whose node is gone for good ends by this.
CREATE FUNCTION reject_settings(p_number bigint, p_reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  s settings := tried_settings(p_number);
  reason text := format('rejected on %s: %s', node_name(own_node()), left(regexp_replace(p_reason, '[[:cntrl:]]+', ' ', 'g'), 1000));
BEGIN
  UPDATE settings SET state = 'withdrawn', note = reason, changed = now() WHERE number = p_number;
  PERFORM record_event('settings.withdrawn', format('version %s: %s', p_number, reason));
END $$;

GRANT SELECT ON settings_approvals TO gatehouse_node;
GRANT EXECUTE ON FUNCTION propose_settings(bigint, text, text), needed_approval(bigint), is_approved(bigint), approve_settings(bigint), approve_settings_by_token(bigint, bytea),
  reject_settings(bigint, text) TO gatehouse_node;
