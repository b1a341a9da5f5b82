//! The archiving daemon: folds the live log into the archive.
