//! jingwei-scan
