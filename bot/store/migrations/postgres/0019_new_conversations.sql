-- Whether nothing has been said in the conversation of a claimed event: then its history need not be read. A function,
-- as it sees what has been committed since the statement that claims began.
CREATE FUNCTION is_new_conversation(of_event bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN NOT EXISTS (
        SELECT FROM events JOIN contexts USING (adapter, conversation) WHERE events.seq = of_event);
END $$;
