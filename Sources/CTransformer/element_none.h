// Forgets the element of the last file of passes.
#undef ELEMENT
#undef PASS
#undef load_element
#undef store_element
#undef load_element_tail
#undef store_element_tail
#undef widened
#undef narrowed
#undef IS_FLOAT
#undef copy_elements
