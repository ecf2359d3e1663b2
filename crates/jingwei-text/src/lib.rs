//! jingwei-text
