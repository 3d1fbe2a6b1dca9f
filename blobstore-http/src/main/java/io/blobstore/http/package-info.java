/**
 * The data plane that the stores over HTTP share: blocking HTTP/1.1 over socket channels, plain or TLS, whose bodies go
 * from the caller's memory to the socket and back without passing through the Java heap. Internal: no user sees it.
 *
 * <p>When a call returns or throws, no thread, socket or native call refers to the caller's memory any more.
 *
 * <p>May depend on {@code io.blobstore} (sources and targets), {@code io.blobstore.spi} (ranges) and slf4j; on Netty's
 * and Conscrypt's TLS engines if they are on the class path. Knows no store, no cloud and no signature.
 */
@NullMarked
package io.blobstore.http;

import org.jspecify.annotations.NullMarked;
