//! One suite for both live stores: what `live` promises in its first lines is tested on the embedded store and on a real
//! Redis alike (`both`); what only a Redis can do to us stands in `accidents`, `owners`, `script` and `recovery`;
//! `trial` is all of it at once, with a nozzle in a process of its own.

mod accidents;
mod both;
mod kit;
mod owners;
mod recovery;
mod script;
mod trial;
mod watcher;
