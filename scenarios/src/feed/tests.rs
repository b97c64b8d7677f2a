//! Laws of the feed.
