"""What the behaviour tests stand on: bundles, the runtime under test, terminals, host snapshots, cgroup views."""
