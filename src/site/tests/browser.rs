//! The pages in Chromium.
