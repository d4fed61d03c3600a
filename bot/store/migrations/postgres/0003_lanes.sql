-- What is unfinished is looked through by `events_in_lane`, too. While there were two such indexes, a server that had not
-- noticed yet how much is waiting looked a lane up in the one that does not know of lanes: all of it, for each event.
DROP INDEX events_unfinished;
