// empty: what the start of any static C++ program costs here. The start-up of orlop is compared with it.

int main() { return 0; }
