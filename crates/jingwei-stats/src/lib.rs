//! jingwei-stats
