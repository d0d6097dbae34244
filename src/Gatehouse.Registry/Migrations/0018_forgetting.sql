-- What the registry keeps, and for how long: it grows with the cluster, not with its age.
--   settings      the newest 100 versions, the newest 20 good ones, and what a member runs; with results, approvals and sealed passwords
--   events        400 days
--   certificates  400 days after their end; join codes as long after theirs
--   orders        90 days (migration 0017)
SET LOCAL ROLE gatehouse_owner;
SET LOCAL search_path = gatehouse, pg_catalog;

-- ---------------------------------------------------------------------------------------------------------------- settings

CREATE FUNCTION forget_settings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  old bigint[];
BEGIN
  SELECT array_agg(number) INTO old FROM settings
  WHERE number NOT IN (SELECT number FROM settings ORDER BY number DESC LIMIT 100)
    AND number NOT IN (SELECT number FROM settings WHERE state = 'good' ORDER BY number DESC LIMIT 20)
    AND number NOT IN (SELECT h.settings_version FROM heartbeats h JOIN nodes n ON n.number = h.node WHERE n.state <> 'removed');
  IF old IS NULL THEN
    RETURN NULL;
  END IF;
  DELETE FROM settings_results WHERE version = ANY (old);
  DELETE FROM settings_approvals WHERE version = ANY (old);
  DELETE FROM settings WHERE number = ANY (old);
  -- Passwords that a version brought with it: their names end with its number. One is filed before the version that names it is.
  DELETE FROM secrets s WHERE s.name ~ '-[0-9]+(-[0-9a-f]{8})?$' AND s.at < now() - interval '1 day'
    AND NOT EXISTS (SELECT FROM settings v WHERE strpos(v.answers, s.name) > 0)
    AND NOT EXISTS (SELECT FROM nodes n WHERE strpos(n.answers, s.name) > 0);
  RETURN NULL;
END $$;

CREATE TRIGGER forget AFTER UPDATE OF state ON settings FOR EACH STATEMENT EXECUTE FUNCTION forget_settings();

-- ------------------------------------------------------------------------------------------------------------------ events

-- The newest of those that are old enough stays: the chain is proved from there, and its hash holds its time, so nobody cuts off younger ones.
CREATE OR REPLACE FUNCTION keep_events() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (SELECT FROM events WHERE number > OLD.number AND at < now() - interval '400 days') THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = 'events are appended and kept for 400 days, never changed or deleted before';
END $$;

-- A few at a time: nobody waits for it.
CREATE FUNCTION forget_events() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  first events;
  last bigint;
BEGIN
  SELECT * INTO first FROM events ORDER BY number LIMIT 1;
  IF first.at < now() - interval '400 days' THEN
    SELECT max(number) INTO last FROM events WHERE number BETWEEN first.number AND first.number + 100 AND at < now() - interval '400 days';
    DELETE FROM events WHERE number < last;
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER forget AFTER INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION forget_events();

-- ------------------------------------------------------------------------------------------------------------------- trust

CREATE FUNCTION forget_trust() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  past timestamptz := now() - interval '400 days';
BEGIN
  DELETE FROM codes WHERE greatest(expires, used, ended) < past;
  DELETE FROM certificates s WHERE s.not_after < past AND NOT EXISTS (SELECT FROM codes k WHERE k.certificate = s.serial);
  RETURN NULL;
END $$;

CREATE TRIGGER forget AFTER INSERT ON certificates FOR EACH STATEMENT EXECUTE FUNCTION forget_trust();
