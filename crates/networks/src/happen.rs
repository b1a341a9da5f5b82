//! What has happened on a network: the entries of the store's log.

use std::sync::Arc;

use crate::post::Post;

/// One happening in the network's own order.
#[derive(Clone, Debug)]
pub struct Happened {
    /// Place in the log, from 0.
    pub place: usize,
    /// What it was.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// A post, or a boost of one.
    Post(Arc<Post>),
    /// A newer version of a post; `history` lists all ids of it, oldest first, this version's last.
    Edit {
        /// The new version; on X its id is new.
        post: Arc<Post>,
        /// Ids of all versions.
        history: Arc<Vec<String>>,
    },
    /// A post is gone.
    Delete(Arc<Post>),
}

impl What {
    /// The post that it is about.
    pub fn post(&self) -> &Arc<Post> {
        match self {
            Self::Post(post) | Self::Edit { post, .. } | Self::Delete(post) => post,
        }
    }
}
