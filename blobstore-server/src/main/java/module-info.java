/** A cache server over a content-addressed cache. */
module io.blobstore.server {
    requires transitive io.blobstore.cache;
    requires io.blobstore.reapi;
    requires io.blobstore.zstd;
    requires com.google.protobuf;
    requires io.grpc;
    requires io.grpc.netty.shaded;
    requires io.grpc.protobuf;
    requires io.grpc.services;
    requires io.grpc.stub;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.codec.http;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport;
    requires org.slf4j;
    requires at.favre.lib.bcrypt;
    requires static org.jspecify;

    exports io.blobstore.server;
}
