-- The shared quarantine: who its members are to each other, and who does what with a message.
SET LOCAL ROLE gatehouse_owner;
SET LOCAL search_path = gatehouse, pg_catalog;

-- SHA-256 of a certificate, the first of those in a text: what members know each other's synchronisation by. Null when it is none.
CREATE FUNCTION certificate_fingerprint(p_pem text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
BEGIN
  RETURN encode(sha256(decode(substring(p_pem FROM '-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----'), 'base64')), 'hex');
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END $$;

ALTER TABLE certificates ADD COLUMN fingerprint text GENERATED ALWAYS AS (certificate_fingerprint(pem)) STORED;

-- A member knows the next certificate of another before that one shows it.
CREATE TRIGGER notice_new AFTER INSERT ON certificates FOR EACH STATEMENT EXECUTE FUNCTION notice('certificates');

-- Where the others reach a node's synchronisation, behind a firewall that forwards it. Several nodes behind one address have ports of their own.
ALTER TABLE nodes ADD COLUMN sync_address inet CHECK (sync_address = host(sync_address)::inet), ADD COLUMN sync_port integer CHECK (sync_port BETWEEN 1 AND 65535);

CREATE FUNCTION set_sync_place(p_address inet, p_port integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  n nodes := member_row(own_node());
  other nodes;
BEGIN
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

-- One row for a message that somebody does something with, or did. "before" is the state that an unfinished deed goes back to.
CREATE TABLE quarantine_claims (
  message  text PRIMARY KEY CHECK (message ~ '^[1-9][0-9]{0,5}/[0-9A-Za-z-]{16,24}$'),
  action   text NOT NULL CHECK (action IN ('release', 'delete')),
  state    text NOT NULL CHECK (state IN ('claimed', 'done')),
  before   text,
  node     integer NOT NULL REFERENCES nodes,
  at       timestamptz NOT NULL,
  deadline timestamptz NOT NULL
);

-- Whether the caller may do it; if not, who did it or is at it. A deed that was begun and is past its deadline may have been done
-- or not: it is begun again only by who says that he knows.
CREATE FUNCTION claim_message(p_message text, p_action text, p_seconds integer, p_again boolean)
RETURNS TABLE (granted boolean, action text, state text, node integer, name text, at timestamptz, overdue boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  own integer := own_node();
  c quarantine_claims;
  moment timestamptz := clock_timestamp();
BEGIN
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
    RETURN QUERY SELECT true, p_action, 'claimed'::text, own, node_name(own), moment, false;
  ELSE
    RETURN QUERY SELECT false, c.action, c.state, c.node, node_name(c.node), c.at, c.state = 'claimed' AND c.deadline <= moment;
  END IF;
END $$;

-- How it ended. False when somebody else has taken it over meanwhile.
CREATE FUNCTION settle_message(p_message text, p_at timestamptz, p_done boolean, p_detail text) RETURNS boolean
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
  ELSIF c.before IS NULL THEN
    DELETE FROM quarantine_claims WHERE message = p_message;
  ELSE
    UPDATE quarantine_claims SET state = c.before, deadline = clock_timestamp() WHERE message = p_message;
  END IF;
  RETURN true;
END $$;

-- What the node that took a message did with it while the registry was away. False when another had done the same.
CREATE FUNCTION tell_message(p_message text, p_action text, p_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := own_node();
  twice boolean;
BEGIN
  IF split_part(p_message, '/', 1) <> own::text THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('%s was not taken by node %s', p_message, own);
  END IF;
  twice := p_action = 'release' AND EXISTS (SELECT FROM quarantine_claims WHERE message = p_message AND action = 'release' AND node <> own);
  INSERT INTO quarantine_claims (message, action, state, node, at, deadline) VALUES (p_message, p_action, 'done', own, p_at, p_at)
  ON CONFLICT (message) DO UPDATE SET action = excluded.action, state = 'done', node = own, at = excluded.at;
  PERFORM record_event(CASE WHEN twice THEN 'quarantine.released-twice' WHEN p_action = 'release' THEN 'quarantine.released' ELSE 'quarantine.deleted' END,
    format('%s: on the node that took it, at %s, while the registry was away', p_message, to_char(p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')));
  RETURN NOT twice;
END $$;

-- Old messages of a shared quarantine are deleted by one node, once.
CREATE TABLE quarantine_upkeep (
  one   boolean PRIMARY KEY DEFAULT true CHECK (one),
  node  integer NOT NULL REFERENCES nodes,
  begun timestamptz NOT NULL,
  ended timestamptz
);

CREATE FUNCTION begin_retention() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := own_node();
BEGIN
  INSERT INTO quarantine_upkeep AS u (node, begun) VALUES (own, clock_timestamp())
  ON CONFLICT (one) DO UPDATE SET node = own, begun = clock_timestamp(), ended = NULL
  -- One that was begun and not ended is begun by another after an hour.
  WHERE u.node = own AND u.ended IS NULL OR u.begun < clock_timestamp() - CASE WHEN u.ended IS NULL THEN interval '1 hour' ELSE interval '12 hours' END;
  RETURN FOUND;
END $$;

-- What was done with messages that are gone need not be known any more.
CREATE FUNCTION end_retention(p_days integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := own_node();
BEGIN
  UPDATE quarantine_upkeep SET ended = clock_timestamp() WHERE node = own AND ended IS NULL;
  IF FOUND AND p_days > 0 THEN
    DELETE FROM quarantine_claims WHERE at < clock_timestamp() - make_interval(days => p_days + 7);
  END IF;
END $$;

GRANT SELECT ON quarantine_claims, quarantine_upkeep TO gatehouse_node;
GRANT EXECUTE ON FUNCTION set_sync_place(inet, integer), claim_message(text, text, integer, boolean), settle_message(text, timestamptz, boolean, text),
  tell_message(text, text, timestamptz), begin_retention(), end_retention(integer) TO gatehouse_node;
