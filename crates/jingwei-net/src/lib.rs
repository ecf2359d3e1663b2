//! jingwei-net
