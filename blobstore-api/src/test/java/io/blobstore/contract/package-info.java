/**
 * The tests that every store must pass, and tools for tests of code that uses stores: a store in memory, a store that
 * injects faults, and a check for leaked resources. Shipped as the test-jar of blobstore-api, so that backends outside
 * this repository can run the tests as well.
 *
 * <p>May depend on {@code io.blobstore}, {@code io.blobstore.memory}, {@code io.blobstore.transfer}, the
 * {@code LeaseTicket} of {@code io.blobstore.internal.memory} (to find open leases), JUnit and AssertJ;
 * {@code ModuleClasses} on ArchUnit, too. Independent of backends.
 */
@NullMarked
package io.blobstore.contract;

import org.jspecify.annotations.NullMarked;
