/**
 * What every store must pass, and the tools to put anything above a store to the test: the contract itself, a store in
 * memory, a store that fails on demand, and the check that nothing is left behind. Shipped as the test-jar of
 * blobstore-api, so that a backend outside this repository can run it too.
 *
 * <p>May depend on {@code io.blobstore}, {@code io.blobstore.memory}, {@code io.blobstore.transfer}, the
 * {@code LeaseTicket} of {@code io.blobstore.internal.memory} (to find open leases), JUnit and AssertJ. Knows no
 * backend.
 */
@NullMarked
package io.blobstore.contract;

import org.jspecify.annotations.NullMarked;
