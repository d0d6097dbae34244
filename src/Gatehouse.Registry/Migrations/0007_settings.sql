-- Settings in versions, and how each node fared with each.
SET LOCAL ROLE gatehouse_owner;
SET LOCAL search_path = gatehouse, pg_catalog;

CREATE TABLE settings (
  number  bigint PRIMARY KEY,
  base    bigint NOT NULL,
  answers text NOT NULL CHECK (length(answers) <= 4194304),
  state   text NOT NULL CHECK (state IN ('trying', 'following', 'good', 'withdrawn')),
  author  integer NOT NULL REFERENCES nodes,
  created timestamptz NOT NULL DEFAULT now(),
  changed timestamptz NOT NULL DEFAULT now(),
  note    text NOT NULL DEFAULT ''
);

CREATE TABLE settings_results (
  node    integer NOT NULL REFERENCES nodes,
  version bigint NOT NULL REFERENCES settings,
  applied boolean NOT NULL,
  message text NOT NULL CHECK (length(message) <= 65536),
  at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (version, node)
);

-- One change at a time, and only by who has seen the one before it.
CREATE FUNCTION propose_settings(p_base bigint, p_answers text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := own_node();
  s settings;
  latest bigint;
BEGIN
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
  INSERT INTO settings (number, base, answers, state, author) VALUES (latest, p_base, p_answers, 'trying', own);
  PERFORM record_event('settings.proposed', format('version %s from version %s', latest, p_base));
  RETURN latest;
END $$;

-- False when the version is not in the state any more that the caller decided by: somebody else was faster.
CREATE FUNCTION mark_settings(p_number bigint, p_from text, p_to text, p_note text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := own_node();
  s settings;
BEGIN
  SELECT * INTO s FROM settings WHERE number = p_number FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'GH008', MESSAGE = format('there is no settings version %s', p_number);
  ELSIF (p_from, p_to) NOT IN (('trying', 'following'), ('trying', 'withdrawn'), ('following', 'good'), ('following', 'withdrawn')) THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('settings do not go from %s to %s', p_from, p_to);
  ELSIF p_from = 'trying' AND own <> s.author AND own <> (SELECT issuer FROM cluster) THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format(
      'version %s is being tried on %s; only that node and the issuer decide about it', p_number, node_name(s.author));
  ELSIF s.state <> p_from THEN
    RETURN false;
  END IF;
  UPDATE settings SET state = p_to, note = p_note, changed = now() WHERE number = p_number;
  PERFORM record_event('settings.' || p_to, format('version %s%s', p_number, CASE p_note WHEN '' THEN '' ELSE ': ' || left(p_note, 4000) END));
  RETURN true;
END $$;

-- What a node says of itself: how a version went, and which version is in force on it now.
CREATE FUNCTION record_settings_result(p_version bigint, p_applied boolean, p_message text, p_running bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := own_node();
BEGIN
  IF NOT EXISTS (SELECT FROM settings WHERE number = p_version) THEN
    RAISE EXCEPTION USING ERRCODE = 'GH008', MESSAGE = format('there is no settings version %s', p_version);
  END IF;
  INSERT INTO settings_results (node, version, applied, message) VALUES (own, p_version, p_applied, p_message)
  ON CONFLICT (version, node) DO UPDATE SET applied = excluded.applied, message = excluded.message, at = now();
  UPDATE heartbeats SET settings_version = p_running WHERE node = own;
END $$;

-- The first version of a cluster is the one it was started with, and in force.
CREATE FUNCTION first_settings(p_node integer, p_answers text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
  INSERT INTO settings (number, base, answers, state, author) VALUES (1, 0, p_answers, 'good', p_node);
  INSERT INTO settings_results (node, version, applied, message) VALUES (p_node, 1, true, '');
  SELECT record_event('settings.good', 'version 1, the first');
$$;

GRANT SELECT ON settings, settings_results TO gatehouse_node;
GRANT EXECUTE ON FUNCTION propose_settings(bigint, text), mark_settings(bigint, text, text, text), record_settings_result(bigint, boolean, text, bigint) TO gatehouse_node;
