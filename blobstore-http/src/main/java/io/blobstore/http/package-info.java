/**
 * The data plane that the stores over HTTP share: blocking HTTP/1.1 over socket channels, plain or TLS, which transfers
 * bodies between the caller's memory and the socket without a copy on the Java heap. Internal: exported to those stores
 * and the cache server only.
 *
 * <p>When a call returns or throws, no thread, socket or native call refers to the caller's memory any more.
 *
 * <p>May depend on {@code io.blobstore} and {@code io.blobstore.spi} (the contract),
 * {@code io.blobstore.internal.buffer} and slf4j; on Netty's and Conscrypt's TLS engines where they are on the class
 * path. Independent of any store, cloud or signature, and of {@code io.blobstore.http.objects}.
 */
@NullMarked
package io.blobstore.http;

import org.jspecify.annotations.NullMarked;
