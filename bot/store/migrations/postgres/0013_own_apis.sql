-- What workspaces that have brought their own API have paid, of all that was spent.
ALTER TABLE usage ADD COLUMN own_micros bigint NOT NULL DEFAULT 0;
ALTER TABLE spent ADD COLUMN own_micros bigint NOT NULL DEFAULT 0;
ALTER TABLE carried ADD COLUMN own_micros bigint NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN own boolean NOT NULL DEFAULT false;
