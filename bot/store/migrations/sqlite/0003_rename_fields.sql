-- Names that say what a column holds. The fields in the JSON of `event` and `answer` are renamed after this script.
ALTER TABLE events RENAME COLUMN again TO replaces;
DROP INDEX events_again;
CREATE INDEX events_replacing ON events (adapter, replaces) WHERE replaces <> '';
ALTER TABLE contexts RENAME COLUMN upto TO through_seq;
