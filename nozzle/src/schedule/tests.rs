//! Looks at an address, against a fake server with the faults of real ones, and a sequencer on a real ledger behind them.

use super::*;
