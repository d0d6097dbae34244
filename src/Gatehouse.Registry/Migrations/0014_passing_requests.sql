-- A request for messages is of interest to who waits for its answer, and to nobody later: it goes, with its answers, when the next order comes
-- after its time. The newest order always stays, so that no number is given twice.
SET LOCAL ROLE gatehouse_owner;
SET LOCAL search_path = gatehouse, pg_catalog;

CREATE FUNCTION forget_requests() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  -- Whoever began in time has said by then how it went.
  past timestamptz := now() - interval '10 minutes';
  newest bigint := (SELECT max(number) FROM commands);
BEGIN
  DELETE FROM command_results r USING commands c WHERE c.number = r.command AND c.kind = 'quarantine' AND c.deadline < past AND c.number < newest;
  DELETE FROM commands WHERE kind = 'quarantine' AND deadline < past AND number < newest;
  RETURN NULL;
END $$;

CREATE TRIGGER forget_requests AFTER INSERT ON commands FOR EACH STATEMENT EXECUTE FUNCTION forget_requests();
