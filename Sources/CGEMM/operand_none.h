// Forgets the operand of the last product.
#undef ELEMENT
#undef PER_UNIT
#undef NAME
#undef TARGET
#undef multiply_add
#undef store_narrow
