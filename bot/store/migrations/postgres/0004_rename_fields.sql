-- Names that say what a column holds. The fields in the JSON of `event` and `answer` are renamed after this script.
ALTER TABLE events RENAME COLUMN again TO replaces;
ALTER INDEX events_again RENAME TO events_replacing;
ALTER TABLE contexts RENAME COLUMN upto TO through_seq;
