-- What was done, by whom. Each event carries the SHA-256 of the one before it and of its own words, so a change of any
-- of them shows in all that follow.
SET LOCAL ROLE gatehouse_owner;
SET LOCAL search_path = gatehouse, pg_catalog;

CREATE TABLE events (
  number   bigint PRIMARY KEY,
  at       timestamptz NOT NULL,
  actor    text NOT NULL CHECK (actor <> '' AND actor !~ '[\r\n]'),
  kind     text NOT NULL CHECK (kind ~ '^[a-z][a-z.-]{0,62}$'),
  detail   text NOT NULL CHECK (length(detail) <= 8192),
  previous bytea NOT NULL,
  hash     bytea NOT NULL
);

-- The end of the chain: who appends locks it, and events cut off at the end are missed by it.
CREATE TABLE events_head (
  one    boolean PRIMARY KEY DEFAULT true CHECK (one),
  number bigint NOT NULL,
  hash   bytea NOT NULL
);
INSERT INTO events_head (number, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

-- Number, time (UTC, microseconds), actor, kind and detail, a line each; none but the last can hold a line break.
CREATE FUNCTION event_hash(p_previous bytea, p_number bigint, p_at timestamptz, p_actor text, p_kind text, p_detail text) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, gatehouse, pg_temp
RETURN sha256(p_previous || convert_to(concat_ws(E'\n', p_number::text,
  to_char(p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), p_actor, p_kind, p_detail), 'UTF8'));

CREATE FUNCTION chain_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  head events_head;
BEGIN
  SELECT * INTO STRICT head FROM events_head FOR UPDATE;
  NEW.number := head.number + 1;
  NEW.at := clock_timestamp();
  NEW.actor := session_user;
  NEW.previous := head.hash;
  NEW.hash := event_hash(NEW.previous, NEW.number, NEW.at, NEW.actor, NEW.kind, NEW.detail);
  UPDATE events_head SET number = NEW.number, hash = NEW.hash;
  RETURN NEW;
END $$;

CREATE FUNCTION keep_events() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = 'events are appended, never changed or deleted';
END $$;

CREATE TRIGGER chain BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION chain_event();
CREATE TRIGGER keep_rows BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION keep_events();
CREATE TRIGGER keep_table BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION keep_events();

-- Called last in a transaction: it holds the end of the chain until the commit.
CREATE FUNCTION record_event(p_kind text, p_detail text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$ INSERT INTO events (kind, detail) VALUES (p_kind, p_detail) $$;

-- For members. The registry's own kinds have a dot, which theirs have not: nobody can write that a node was removed.
CREATE FUNCTION append_event(p_kind text, p_detail text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
BEGIN
  IF p_kind LIKE '%.%' THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('only the registry writes events of the kind %s', p_kind);
  END IF;
  PERFORM record_event(p_kind, p_detail);
END $$;

GRANT SELECT ON events, events_head TO gatehouse_node;
GRANT EXECUTE ON FUNCTION append_event(text, text) TO gatehouse_node;
