"""Boards, the answers of films and duels: how they are stored, shown anew, and emptied with their parts."""
