// Forgets the operand of the last product.
#undef ELEMENT
#undef PER_UNIT
#undef NAME
#undef TARGET
#undef load_along
#undef load_unit
#undef multiply_add
#undef add_unit
