//! jingwei-probe
