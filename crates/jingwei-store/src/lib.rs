//! jingwei-store
