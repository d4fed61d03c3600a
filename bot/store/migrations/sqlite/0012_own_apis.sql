-- What workspaces that have brought their own API have paid, of all that was spent.
ALTER TABLE usage ADD COLUMN own_micros INTEGER NOT NULL DEFAULT 0;
ALTER TABLE carried ADD COLUMN own_micros INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reservations ADD COLUMN own INTEGER NOT NULL DEFAULT 0;
