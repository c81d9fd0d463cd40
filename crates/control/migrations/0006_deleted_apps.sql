-- When an app was deleted. Its row stays, and with it those of its recordings, until their files are gone.
ALTER TABLE apps ADD COLUMN deleted_at INTEGER;
