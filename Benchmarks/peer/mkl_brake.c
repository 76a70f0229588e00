/* MKL takes slower kernels on processors that this function denies; preloaded, it lifts the brake.
   cc -O2 -shared -fPIC mkl_brake.c -o libmkl_brake.so; LD_PRELOAD=./libmkl_brake.so python peer.py ... */
int mkl_serv_intel_cpu_true(void);

int mkl_serv_intel_cpu_true(void) { return 1; }
