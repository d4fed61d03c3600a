"""The pages: each module registers its pages and acts, and is found by being here."""
