"""What people and programs are shown: a file a view, each a pure function."""
