-- One word on the channel "gatehouse" for every change that members act by. Who misses one finds it at the next poll.
SET LOCAL ROLE gatehouse_owner;
SET LOCAL search_path = gatehouse, pg_catalog;

CREATE FUNCTION notice() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
BEGIN
  PERFORM pg_notify('gatehouse', TG_ARGV[0]);
  RETURN NULL;
END $$;

CREATE TRIGGER notice AFTER UPDATE OF epoch, issuer ON cluster FOR EACH STATEMENT EXECUTE FUNCTION notice('cluster');
CREATE TRIGGER notice AFTER INSERT OR UPDATE ON nodes FOR EACH STATEMENT EXECUTE FUNCTION notice('nodes');
CREATE TRIGGER notice AFTER INSERT OR UPDATE ON authorities FOR EACH STATEMENT EXECUTE FUNCTION notice('authorities');
CREATE TRIGGER notice AFTER UPDATE ON certificates FOR EACH STATEMENT EXECUTE FUNCTION notice('revocation');
CREATE TRIGGER notice AFTER INSERT OR UPDATE ON revocation_lists FOR EACH STATEMENT EXECUTE FUNCTION notice('revocation');
CREATE TRIGGER notice AFTER INSERT OR UPDATE ON settings FOR EACH STATEMENT EXECUTE FUNCTION notice('settings');
CREATE TRIGGER notice AFTER INSERT OR UPDATE ON settings_results FOR EACH STATEMENT EXECUTE FUNCTION notice('settings');
CREATE TRIGGER notice AFTER INSERT ON commands FOR EACH STATEMENT EXECUTE FUNCTION notice('commands');
CREATE TRIGGER notice AFTER INSERT ON command_results FOR EACH STATEMENT EXECUTE FUNCTION notice('results');
CREATE TRIGGER notice AFTER INSERT OR UPDATE ON secrets FOR EACH STATEMENT EXECUTE FUNCTION notice('secrets');
