//! jingwei-govern
