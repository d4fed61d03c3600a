-- Since when the AI API has failed the event, in seconds since 1970; NULL: it has not. Set by the first failed try.
ALTER TABLE events ADD COLUMN failing_since double precision;
