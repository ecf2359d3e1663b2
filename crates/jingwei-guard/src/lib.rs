//! jingwei-guard
