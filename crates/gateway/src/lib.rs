//! The lianmai gateway: configuration, start, run and drain.
