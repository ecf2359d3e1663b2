//! jingwei-ledger
