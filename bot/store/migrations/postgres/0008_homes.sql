-- The owner's number of the process that recorded an event which no other can answer, as at a terminal; NULL: any can.
ALTER TABLE events ADD COLUMN home integer;
