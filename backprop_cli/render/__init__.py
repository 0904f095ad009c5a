"""Views of a trace: one file each, each a pure function of a `Trace`."""
